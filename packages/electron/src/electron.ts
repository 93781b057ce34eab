/** Everything that is used of Electron in the main process. It exists only there, so nothing else imports it. */

export { app, ipcMain, protocol, safeStorage } from 'electron';
