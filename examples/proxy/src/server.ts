/** The command: alone it is the proxy; with `keys` it shows and changes the keys of the one that runs. */

const [command, ...rest] = process.argv.slice(2);
if (command === undefined) {
  const { start } = await import('./start.ts');
  await start(process.env);
} else if (command === 'keys') {
  const { keys } = await import('./keys.ts');
  process.exitCode = await keys(rest, process.env);
} else {
  process.stderr.write('sluice: There is only the command `keys`; without one the proxy starts.\n');
  process.exitCode = 1;
}
