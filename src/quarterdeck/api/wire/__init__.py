"""Documents as they go out: per noun a pydantic model (for OpenAPI) and the function that builds the dict.

Dicts are built by hand because a list of 500 runs must not take longer to write than to read; a test holds each
function to its model.
"""
