"""InGAN (Shocher, Bagon, Isola, Irani, ICCV 2019): one image in any size and shape."""
