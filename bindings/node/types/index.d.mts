export * from './index.js';
import * as stepwire from './index.js';
export default stepwire;
