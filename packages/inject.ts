import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { inRoot } from './program.ts';

/** As Node documents it: https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** RT_RCDATA of Windows. */
const RAW_DATA = 10;
const NEUTRAL = 0;
/** What Windows shows of a file, in the language and the encoding in which Node has it. */
const ENGLISH = { lang: 1033, codepage: 1200 };

/** Puts what is in the file `blob` into the Node for Linux at `node`, and writes the result. */
export function injectIntoLinux(node: string, blob: string, file: string): void {
  copyFileSync(node, file);
  chmodSync(file, 0o755);
  const postject = inRoot('node_modules/postject/dist/cli.js');
  // A process of its own, since it writes warnings about names of sections that do not matter.
  execFileSync(process.execPath, [postject, file, RESOURCE, blob, '--sentinel-fuse', FUSE], {
    stdio: 'pipe',
  });
}

/**
 * Puts what is in the file `blob` into the Node for Windows at `node`, and writes the result. It has no signature: that of Node would be
 * wrong for it.
 *
 * @throws where Node is not as it was
 */
export function injectIntoWindows(node: string, blob: string, file: string, version: string): void {
  const executable = NtExecutable.from(readFileSync(node), { ignoreCert: true });
  const resources = NtExecutableResource.from(executable);
  resources.entries.push({ type: RAW_DATA, id: RESOURCE, lang: NEUTRAL, codepage: 0, bin: bytesOf(blob) });
  const [info] = Resource.VersionInfo.fromEntries(resources.entries);
  if (info === undefined) throw new Error('Node does not say its version');
  info.setFileVersion(version, ENGLISH.lang);
  info.setProductVersion(version, ENGLISH.lang);
  info.setStringValues(ENGLISH, {
    CompanyName: 'Headcount',
    ProductName: 'Headcount',
    FileDescription: `Headcount ${version} in Node.js ${process.versions.node}`,
    InternalName: 'headcount',
    OriginalFilename: 'headcount.exe',
    LegalCopyright: 'Copyright Headcount and Node.js contributors. MIT license.',
  });
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(executable);
  const made = Buffer.from(executable.generate());
  const fuse = made.indexOf(`${FUSE}:0`);
  if (fuse < 0 || made.includes(`${FUSE}:0`, fuse + 1)) throw new Error('Node has not exactly one fuse');
  made.write('1', fuse + FUSE.length + 1);
  writeFileSync(file, made);
}

function bytesOf(file: string): ArrayBuffer {
  return new Uint8Array(readFileSync(file)).buffer;
}
