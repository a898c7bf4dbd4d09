// A page that is Figma to the plugin: the mock in the window, the UI in a frame without an origin, messages between.
import { type Mock, mockFigma } from '../mock/figma';

declare global {
  interface Window {
    mock: Mock;
    sent: unknown[];
  }
}

/** Begin the plugin: `ui` is the frame, `storage` what an earlier run remembered. */
async function begin(ui: HTMLIFrameElement, storage: Record<string, unknown>): Promise<void> {
  const mock = mockFigma({ storage, toUI: (pluginMessage) => ui.contentWindow!.postMessage({ pluginMessage }, '*') });
  window.mock = mock;
  window.sent = [];
  Object.assign(globalThis, { figma: mock.figma, __html__: '' });
  await import('../../src/main');
  window.addEventListener('message', ({ data }) => {
    if (!data?.pluginMessage) return;
    window.sent.push(data.pluginMessage);
    mock.send(data.pluginMessage);
  });
}
Object.assign(window, { begin });
