"""``python -m collabviz``: see ``collabviz.cli``."""

from collabviz.cli import main

if __name__ == "__main__":
    main()
