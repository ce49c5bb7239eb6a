"""The private side of the exchange: orders, positions, accounts and what moves money between them."""
