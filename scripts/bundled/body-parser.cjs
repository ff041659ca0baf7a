/**
 * Stands in for body-parser in the program: server/http-request.ts reads bodies itself. The real one loads the tables of every
 * character set (half a megabyte) at the start, whether a body comes or not.
 */
module.exports = {};
