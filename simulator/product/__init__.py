"""The product as the city uses it: every use case that people reach is called here and nowhere else.

What is asked is a plain function of `by`, `at` and facts that can be written as JSON; so is what it answers. A use case
whose signature changes is mended here.
"""
