"""The thin shell: sockets in, sockets out."""
