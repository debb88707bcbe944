"""Scripts of integrations: run in walled worker processes, without any authority of their own."""
