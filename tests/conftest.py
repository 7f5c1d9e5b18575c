"""Settings for all tests."""

from hypothesis import settings

# Found examples do not depend on the machine's speed nor on chance; `pytest --hypothesis-seed=N` explores further.
settings.register_profile("steady", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("steady")
