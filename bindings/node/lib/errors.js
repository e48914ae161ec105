'use strict';

const native = require('./native.js');

/** What a call failed with, or a connection ended with: the library's sentence, number and name. */
class StepwireError extends Error {
  constructor(number, sentence) {
    super(sentence);
    this.name = 'StepwireError';
    this.errno = number;
    this.code = native.network_error_name(number);
  }
}

/** The result of a call; throws what went wrong. */
function checked(result) {
  if (result < 0) {
    throw new StepwireError(result, native.network_last_error());
  }
  return result;
}

module.exports = { StepwireError, checked };
