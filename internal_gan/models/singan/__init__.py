"""SinGAN (Shaham, Dekel, Michaeli, ICCV 2019): noise to image, and its applications."""
