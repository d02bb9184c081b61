/** The page's entry. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { openClient } from "./api/client.ts";
import { App } from "./frame/App.tsx";
import { createPageStore } from "./state/store.ts";
import { StoreContext } from "./state/useStore.ts";
import { startWords } from "./words/words.ts";
import "./style/colours.css";
import "./style/frame.css";
import "./style/chat.css";
import "./style/panel.css";
import "./style/forms.css";

startWords();
const store = createPageStore(openClient());
store.getState().act.connect();
const root = document.getElementById("root");
if (!root) throw new Error("index.html holds no #root");
createRoot(root).render(
  <StrictMode>
    <StoreContext value={store}>
      <App />
    </StoreContext>
  </StrictMode>,
);
