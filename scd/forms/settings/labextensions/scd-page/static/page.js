// Runs a page of scd when it is opened, so that its forms appear by themselves.
//
// JupyterLab loads this file as it is: a module-federation container of one module, which needs nothing but the
// application that Lab hands to it. Only notebooks that this workspace's own key has signed are run (`scd new` signs
// them, and Lab signs what it saves); one that came by mail waits for "Run All Cells".
(() => {
  const isPage = (notebook) => notebook.content.model.getMetadata("scd") !== undefined;

  const isTrusted = (notebook) => {
    const cells = Array.from(notebook.content.model.cells);
    return cells.every((cell) => cell.type !== "code" || cell.trusted);
  };

  const plugin = {
    id: "scd-page:plugin",
    description: "Runs a page of scd when it is opened.",
    autoStart: true,
    activate: (app) => {
      const begun = new WeakSet();

      // Outside a field, single keys are commands of Lab's: D D deletes a cell, M turns one into text, Enter opens one.
      // On a page they are nothing but slips.
      const process = app.commands.processKeydownEvent.bind(app.commands);
      app.commands.processKeydownEvent = (event) => {
        const onPage = event.target instanceof Element && event.target.closest(".scd-page");
        const command = event.ctrlKey || event.metaKey || event.altKey;
        if (onPage && (!command || event.key === "Enter")) {
          return;
        }
        process(event);
      };

      const begin = async (widget) => {
        const context = widget.context;
        if (!context || !context.path.endsWith(".ipynb") || begun.has(widget)) {
          return;
        }
        begun.add(widget);
        await context.ready;
        await widget.revealed;
        if (!isPage(widget)) {
          return;
        }
        widget.addClass("scd-page");
        if (app.shell.isSideTabBarVisible("right")) {
          app.shell.toggleSideTabBarVisibility("right"); // tools for writing notebooks
        }
        if (!isTrusted(widget)) {
          return;
        }
        await context.sessionContext.ready;
        app.shell.activateById(widget.id);
        await app.commands.execute("notebook:run-all-cells");
        // Running ends at the last cell; people begin at the first.
        widget.content.activeCellIndex = 0;
        widget.content.widgets[0].node.scrollIntoView();
      };

      const look = () => {
        for (const widget of app.shell.widgets("main")) {
          begin(widget).catch((error) => console.error("scd: the page could not be run by itself", error));
        }
      };

      app.restored.then(() => {
        look();
        app.shell.layoutModified.connect(look);
      });
    },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["scd-page"] = {
    init: () => undefined,
    get: async (name) => {
      if (name !== "./extension") {
        throw new Error(`scd-page has no module ${name}`);
      }
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
