"""A web page for what the command line does; the extra ``internal-gan[app]``.

Every training and every result is a run folder, so a closed tab or a restarted server loses
nothing. Each training is a command in its own process, and everything else runs in one
:mod:`~internal_gan.app.worker`, a process that has already loaded the package.
"""
