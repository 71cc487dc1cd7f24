// Paths as texts.

export const folderOf = (path) => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) || '/' : '.');
export const fileOf = (path) => path.split(/[/\\]/).at(-1);
export const join = (folder, file) => (folder === '.' ? file : `${folder.replace(/\/$/, '')}/${file}`);

/** `file` as seen from the folder of `from`. */
export function relativeTo(file, from) {
  return file.startsWith('/') ? file : join(folderOf(from), file);
}
