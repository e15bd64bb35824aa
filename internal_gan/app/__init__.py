"""A page in the browser for what the command line does; the extra ``internal-gan[app]``.

The server keeps no state of its own but a folder of uploads: every training and every result is a
run folder, so that a closed tab or a restarted server loses nothing. It computes nothing either:
trainings are commands, each a process of its own, and everything else is done by one
:mod:`~internal_gan.app.worker`, a process that has loaded the package already.
"""
