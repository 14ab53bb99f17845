/*
 * What an executable runs first, in each of its threads: as a script in the first one, as a module in the others. From then on the modules
 * of the program are loaded from inside the executable.
 */
{
  const { registerHooks } = process.getBuiltinModule('node:module');
  const { getAsset } = process.getBuiltinModule('node:sea');
  const { pathToFileURL } = process.getBuiltinModule('node:url');
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');

  /** They seem to lie in the executable as in a folder. No file can lie there. */
  const inside = `${pathToFileURL(process.execPath).href}/`;

  registerHooks({
    resolve(specifier, context, next) {
      const isBeside = specifier.startsWith('./') && context.parentURL?.startsWith(inside);
      const url = isBeside ? new URL(specifier, context.parentURL).href : specifier;
      return url.startsWith(inside)
        ? { url, format: 'module', shortCircuit: true }
        : next(specifier, context);
    },
    load(url, context, next) {
      if (!url.startsWith(inside)) return next(url, context);
      return { format: 'module', source: getAsset(url.slice(inside.length), 'utf8'), shortCircuit: true };
    },
  });

  if (isMainThread) {
    // In the place of Node's `--env-file-if-exists=environment --import log-file.ts`, which no executable takes.
    const isService = process.argv[2] === '--service';
    if (isService) {
      process.argv.splice(2, 1);
      if (process.getBuiltinModule('node:fs').existsSync('environment')) process.loadEnvFile('environment');
    }
    void (isService ? import(`${inside}log-file.js`) : Promise.resolve()).then(
      () => import(`${inside}headcount.js`),
    );
  }
}
