"""Several processes that train one run: a rank each, started by torchrun or by aetui itself."""
