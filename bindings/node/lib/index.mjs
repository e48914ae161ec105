import stepwire from './index.js';

export const {
  Client,
  Connection,
  Group,
  Server,
  ServerConnection,
  Socket,
  StepwireError,
  Udp,
  addresses,
  configure,
  configureDefault,
  constants,
  logLines,
  metrics,
  resolve,
  sendMany,
  shutdown,
  stat,
  version,
} = stepwire;
export default stepwire;
