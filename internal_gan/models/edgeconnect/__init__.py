"""EdgeConnect (Nazeri, Ng, Joseph, Qureshi, Ebrahimi, ICCVW 2019), trained on one image."""
