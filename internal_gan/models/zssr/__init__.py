"""ZSSR: a small network learns to enlarge one photo (Shocher, Cohen, Irani, CVPR 2018)."""
