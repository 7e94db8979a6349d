"""What hours of work leave behind in the processes: memory, threads, descriptors, delay."""
