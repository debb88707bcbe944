"""The store on PostgreSQL: many nodes on one database."""
