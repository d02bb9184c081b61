/** The only bridge into the page: two functions, no Electron object, no event object, no channel name of the page's choosing. Bundled to preload.cjs. */
import { contextBridge, ipcRenderer } from "electron";

contextBridge.exposeInMainWorld("bulkhead", {
  call: (frame: unknown): Promise<unknown> => ipcRenderer.invoke("bulkhead.call", frame),
  subscribe: (listener: (push: unknown) => void): (() => void) => {
    const forward = (_event: unknown, push: unknown): void => listener(push);
    ipcRenderer.on("bulkhead.push", forward);
    return () => void ipcRenderer.removeListener("bulkhead.push", forward);
  },
});
