/** How long last words stand apart from what was said before them, and from the end of the connection. */

/**
 * What a busy client gets to read what came before the last words, in ms; and then those, before the connection ends. A
 * client joins what it finds when it comes to read, and parsers of errors look at each piece by itself: when the words came
 * a turn behind the rest, @google/genai 3.1 told the error of 7 in 40 streams that had no finish reason, and called the
 * others `terminated`.
 */
export const readMs = 50;

/** From the moment at which an answer is given up to the end of its connection, with some to spare, in ms. */
export const partingMs: number = 3 * readMs;
