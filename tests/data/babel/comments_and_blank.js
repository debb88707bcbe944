

// nothing here
/* still nothing */ ;
