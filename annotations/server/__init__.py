"""Label Studio's server: installed once into an environment of its own, started on loopback, reached by program."""
