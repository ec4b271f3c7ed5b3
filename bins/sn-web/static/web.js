// Comfort, and no more: every page works without it. It asks nobody but the server that it came from.
"use strict";

// How often what came is looked for, and whether a round has ended, in milliseconds.
const NEWS = 5000;
const ROUND = 1000;

const ask = async (after) => {
    const answer = await fetch(`/news?after=${encodeURIComponent(after)}`, { credentials: "same-origin" });
    return answer.ok ? answer.json() : null;
};

// What came since the page was made.
const feed = document.getElementById("feed");
if (feed) {
    const clock = setInterval(async () => {
        const news = document.hidden ? null : await ask(feed.dataset.newest).catch(() => null);
        if (!news || news.new === 0) return;
        const link = document.createElement("a");
        link.href = "/";
        link.textContent = news.new === 1 ? "Something new has come: show it" : `${news.new} new things have come: show them`;
        document.getElementById("news").replaceChildren(link);
        clearInterval(clock);
    }, NEWS);
}

// A round that runs is waited for.
const round = document.getElementById("round");
if (round && round.dataset.running === "true") {
    const clock = setInterval(async () => {
        const news = await ask(0).catch(() => null);
        if (!news || news.running) return;
        clearInterval(clock);
        location.replace("/waiting");
    }, ROUND);
}

// Photographs on their way.
const upload = document.getElementById("upload");
if (upload) {
    upload.addEventListener("submit", (event) => {
        event.preventDefault();
        const button = upload.querySelector("button");
        const progress = document.getElementById("progress");
        const request = new XMLHttpRequest();
        request.upload.addEventListener("progress", (sent) => {
            if (sent.lengthComputable) document.getElementById("done").value = sent.loaded / sent.total;
        });
        request.addEventListener("load", () => {
            if (request.status < 400) {
                location.assign(JSON.parse(request.responseText).see);
                return;
            }
            // What went wrong stands in the page that came instead.
            const page = new DOMParser().parseFromString(request.responseText, "text/html");
            document.querySelector("main").replaceWith(page.querySelector("main"));
        });
        request.addEventListener("error", () => {
            button.disabled = false;
            progress.querySelector("label").textContent = "The connection broke off. Is sn-web still running?";
        });
        button.disabled = true;
        progress.hidden = false;
        request.open("POST", upload.action);
        request.setRequestHeader("Accept", "application/json");
        request.send(new FormData(upload));
    });
}
