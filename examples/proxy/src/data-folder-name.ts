/** Where the data folder is. Apart from what is done with it, because `keys` needs no more than this, and at once. */

const usual = '.sluice';

/** A variable that is empty counts as not set. */
export function dataFolderOf(variables: NodeJS.ProcessEnv): string {
  return variables.SLUICE_DATA_DIR?.trim() || usual;
}
