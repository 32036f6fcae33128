"""`python -m scripts` is `blockpool`, for whoever starts it by the interpreter in use."""

from scripts.main import app

if __name__ == "__main__":
    app()
