/** A window shows the app's own page and nothing else; what leads out of it leads into the browser, if anywhere. */

import { shell, type WebContents } from 'electron';

/** Where the page's links may lead. */
const sites: ReadonlySet<string> = new Set(['aistudio.google.com', 'ai.google.dev']);

export function keepInside(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpen(url)) void shell.openExternal(url);
    return { action: 'deny' };
  });
  // Camera, microphone, notifications: the chat wants none of them.
  contents.session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
}

/** Whatever is opened outside is run by something: `https:` by a browser, other schemes by who knows what. */
function mayOpen(address: string): boolean {
  const url = URL.canParse(address) ? new URL(address) : null;
  return url?.protocol === 'https:' && sites.has(url.hostname);
}
