"""The images of a data set with their labels."""
