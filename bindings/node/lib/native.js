'use strict';
// The addon with the library that it was built for: lib/<platform>/ has both.

const path = require('node:path');
const abi = require('./abi.js');

const platform = `${process.platform}-${process.arch}`;
const file = path.join(__dirname, platform, 'stepwire.node');

function load() {
  try {
    return require(file);
  } catch (error) {
    const why = error.code === 'MODULE_NOT_FOUND' ? 'this package has no binary for it' : error.message;
    throw new Error(`stepwire cannot be loaded on ${platform}: ${why}`, { cause: error });
  }
}

const native = load();
const version = native.network_version();
if (!version.startsWith(`${abi.abi}.`)) {
  throw new Error(`stepwire: this package is made for version ${abi.abi} of the library, which is ${version}`);
}

module.exports = native;
