"""What a trained SinGAN can do beside sampling, one module each."""
