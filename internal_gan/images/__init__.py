"""Operations on pixels, without networks; reading and writing image files."""
