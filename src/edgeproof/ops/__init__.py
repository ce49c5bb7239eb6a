"""What keeps a desk running: importing archives, and knowing what the lake covers."""
