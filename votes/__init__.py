"""The ballot box: readers' votes and what may honestly be said of them."""
