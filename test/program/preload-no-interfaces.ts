import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

// As on a machine, or in a sandbox, without AF_NETLINK. For `node --import`.
os.networkInterfaces = () => {
  throw new Error('A system error occurred: uv_interface_addresses returned Unknown system error 97');
};
syncBuiltinESMExports();
