/*
 * The Worker logs a line for each request, from within the contexts of objects and requests that end. The
 * runner would send each to the pool from there, and a message that is sent out of a context that ended
 * can be lost: then a run that is over never comes to its end.
 */
console.log = () => undefined
