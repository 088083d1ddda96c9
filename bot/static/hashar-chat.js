/*
 * <hashar-chat>: Hashar's web chat. Needs nothing else, asks no other host.
 * It takes over the form that the server wrote into it, or draws its own (docs/web-chat.md).
 * Syntax of 2017, so that old phones run it; where it cannot run, the plain form stays.
 */
(function () {
  'use strict';
  if (!window.customElements || !window.fetch || !window.URL) return;

  const script = document.currentScript;
  const UNSENT = 'hashar-unsent';
  const ANSWER_LINE = 10000; // ms until a silent line counts as dead
  const SKELETON =
    '<div class="hc-log" role="log" aria-live="polite"></div>' +
    '<form class="hc-compose"><p class="hc-status" role="status"></p><div class="hc-row">' +
    '<label class="hc-vh" for="hc-input"></label>' +
    '<textarea id="hc-input" name="text" rows="1" maxlength="10000" dir="auto"' +
    ' enterkeyhint="send"></textarea>' +
    '<button type="submit" class="hc-send"></button></div></form>';

  const words = {}; // language -> promise of its words

  function getWords(lang) {
    if (!words[lang]) {
      words[lang] = fetch('/web/strings?lang=' + encodeURIComponent(lang)).then(function (answer) {
        if (!answer.ok) throw new Error(answer.status);
        return answer.json();
      });
      words[lang].catch(function () { delete words[lang]; });
    }
    return words[lang];
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, function (b) { return (b + 256).toString(16).slice(1); }).join('');
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  class HasharChat extends HTMLElement {
    connectedCallback() {
      if (document.readyState === 'loading') {
        document.addEventListener('DOMContentLoaded', this.connectedCallback.bind(this), { once: true });
      } else if (!this.log) {
        this.build();
      } else {
        this.connect();
      }
    }

    disconnectedCallback() {
      this.hangUp();
      clearTimeout(this.timer);
    }

    async build() {
      const page = this.hasAttribute('page');
      this.lang = this.lang || document.documentElement.lang || navigator.language || '';
      this.queue = []; // said, but not yet acknowledged by the server
      this.own = {}; // id -> the article of what was said
      this.open = {}; // id -> said and acknowledged, not yet answered
      this.seen = {}; // ids of the answers that are shown
      this.last = this.getAttribute('data-after') || '0';
      this.failures = 0;
      this.polls = this.getAttribute('transport') === 'poll';
      if (!this.querySelector('.hc-log')) this.innerHTML = SKELETON;
      this.log = this.querySelector('.hc-log');
      this.form = this.querySelector('.hc-compose');
      this.input = this.querySelector('textarea');
      this.status = this.querySelector('.hc-status');
      this.scroller = page ? document.scrollingElement || document.documentElement : this;
      this.more = make('button', 'hc-more');
      this.more.type = 'button';
      this.more.hidden = true;
      this.form.insertBefore(this.more, this.form.firstChild);
      const foot = this.querySelector('.hc-foot');
      if (foot) foot.remove();
      this.input.required = false;
      this.log.querySelectorAll('[data-mail]').forEach(function (node) {
        this.seen[node.getAttribute('data-mail')] = true;
      }, this);
      const given = this.getAttribute('data-strings');
      if (given) {
        words[this.lang] = Promise.resolve({ lang: this.lang, dir: this.dir, strings: JSON.parse(given) });
      }
      if (!document.querySelector('link[href*="hashar-chat.css"]') && script) {
        const sheet = make('link');
        sheet.rel = 'stylesheet';
        sheet.href = script.src.replace('.js', '.css').replace(/\?.*/, '');
        document.head.appendChild(sheet);
      }
      this.words = {};
      await this.speak(this.lang);
      this.listen(page);
      this.restore();
      this.setAttribute('ready', '');
      if (page && this.log.lastElementChild && !location.hash) this.reveal(this.log.lastElementChild);
      this.connect();
    }

    /* ---- words ---- */

    async speak(lang) {
      let found;
      try {
        found = await getWords(lang);
      } catch (error) {
        return; // the words so far stay; the next answer tries again
      }
      if (found.lang !== lang && this.words.send) return;
      const w = this.words = found.strings;
      this.lang = found.lang;
      this.dir = found.dir;
      this.log.setAttribute('aria-label', w.conversation);
      this.querySelector('label').textContent = this.input.placeholder = w.input;
      this.querySelector('.hc-send').textContent = w.send;
      this.more.textContent = w.refresh;
      if (this.hasAttribute('page')) {
        document.documentElement.lang = found.lang;
        document.documentElement.dir = found.dir;
        document.title = w.title;
        document.querySelectorAll('[data-hc]').forEach(function (node) {
          node.textContent = w[node.getAttribute('data-hc')];
        });
      }
      this.tell();
    }

    /* ---- what the person does ---- */

    listen(page) {
      this.form.addEventListener('submit', (event) => {
        event.preventDefault();
        this.sendText();
      });
      this.input.addEventListener('keydown', (event) => {
        const composing = event.isComposing || event.keyCode === 229;
        if (event.key === 'Enter' && !event.shiftKey && !composing) {
          event.preventDefault();
          this.sendText();
        }
      });
      this.input.addEventListener('input', () => this.fit());
      this.log.addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (!button) return;
        event.preventDefault();
        this.press(button, event.detail === 0);
      });
      this.form.querySelector('.hc-send').addEventListener('click', (event) => {
        if (event.detail === 0) this.input.focus();
      });
      this.more.addEventListener('click', () => {
        const first = this.unread;
        this.forget();
        if (first) {
          this.reveal(first);
          first.focus({ preventScroll: true });
        }
      });
      (page ? window : this).addEventListener('scroll', () => {
        if (this.unread && this.atEnd()) this.forget();
      }, { passive: true });
      window.addEventListener('online', () => this.wake());
      window.addEventListener('pageshow', (event) => { if (event.persisted) this.wake(); });
      document.addEventListener('visibilitychange', () => { if (!document.hidden) this.wake(); });
      setInterval(() => { if (!document.hidden) this.ping(); }, 50000);
    }

    sendText() {
      const text = this.input.value;
      if (!text.trim()) return;
      if (text.length > 10000) {
        this.tell('too_long');
        return;
      }
      this.input.value = '';
      this.fit();
      this.say({ id: newId(), text: text });
    }

    press(button, byKey) {
      const payload = button.getAttribute('data-payload') || button.value;
      const again = (one) => one.payload === payload;
      if (this.queue.some(again) || Object.keys(this.open).some((id) => again(this.open[id]))) return;
      const said = { id: newId(), payload: payload };
      if (byKey) this.pressed = { id: said.id, button: button };
      this.say(said, button.textContent);
    }

    say(said, label) {
      this.queue.push(said);
      this.store(label);
      if (!said.start) {
        const article = this.article('you', said.text || label);
        this.own[said.id] = article;
        article.classList.add('hc-unsent');
        this.forget();
        this.roll(this.scroller.scrollHeight);
      }
      if (this.up) this.pump();
      else this.connect();
    }

    store(label) {
      const last = this.queue[this.queue.length - 1];
      if (label && last) last.label = label;
      try {
        const kept = this.queue.filter((said) => !said.start);
        if (kept.length) sessionStorage.setItem(UNSENT, JSON.stringify(kept));
        else sessionStorage.removeItem(UNSENT);
      } catch (error) { /* no storage: memory has to do */ }
    }

    restore() {
      let kept;
      try {
        kept = JSON.parse(sessionStorage.getItem(UNSENT));
      } catch (error) { /* as above */ }
      if (Array.isArray(kept)) kept.forEach((said) => this.say(said, said.label));
    }

    fit() {
      this.input.style.height = '';
      if (this.input.value) this.input.style.height = Math.min(this.input.scrollHeight + 2, 176) + 'px';
    }

    /* ---- the log ---- */

    article(who, text) {
      const node = make('article', 'hc-msg hc-' + who);
      const author = make('span', 'hc-vh', (this.words[who] || '') + ': ');
      node.appendChild(author);
      const body = make('div', 'hc-text', text);
      if (who === 'you') body.dir = 'auto';
      node.appendChild(body);
      node.tabIndex = -1;
      this.log.appendChild(node);
      return node;
    }

    answer(message, mailId) {
      const node = this.article('bot');
      node.setAttribute('data-mail', mailId);
      if (message.lang) node.lang = message.lang;
      node.dir = message.dir;
      node.querySelector('.hc-text').innerHTML = message.html; // safe markup made by the server
      if (message.buttons.length) {
        const group = make('div', 'hc-choices');
        group.setAttribute('role', 'group');
        group.setAttribute('aria-label', this.words.choices);
        message.buttons.forEach((choice) => {
          const button = make('button', '', choice.label);
          button.type = 'button';
          button.setAttribute('data-payload', choice.payload);
          group.appendChild(button);
        });
        node.appendChild(group);
      }
      return node;
    }

    show(mail) {
      const follow = this.atEnd();
      const fresh = !this.log.children.length;
      let first, latest, messages;
      mail.forEach((one) => {
        this.last = one.id;
        if (this.seen[one.id]) return;
        this.seen[one.id] = true;
        const nodes = one.messages.map((message) => this.answer(message, one.id));
        this.answered(one, nodes[0]);
        if (!nodes.length) return;
        first = first || nodes[0];
        latest = nodes[0];
        messages = one.messages;
      });
      if (!first) return;
      if (!this.greeted) {
        this.reveal(latest);
      } else if (fresh) { // the greeting stays below the head of the page
        this.roll(0);
      } else if (follow) {
        const asked = first.previousElementSibling;
        const near = asked && asked.classList.contains('hc-you') && asked.offsetHeight < 200;
        this.reveal(near ? asked : first);
      } else { // someone reads further up: their text stays where it is
        this.unread = this.unread || first;
        this.more.hidden = false;
      }
      const langs = messages.map((message) => message.lang);
      if (langs[0] && langs[0] !== this.lang && langs.every((lang) => lang === langs[0])) {
        this.speak(langs[0]);
      }
    }

    answered(mail, node) {
      delete this.open[mail.re];
      this.tell();
      const pressed = this.pressed;
      if (pressed && pressed.id === mail.re) {
        this.pressed = null; // on from the button, if the person did not go elsewhere meanwhile
        if (node && document.activeElement === pressed.button) node.focus({ preventScroll: true });
      }
    }

    forget() {
      this.unread = null;
      this.more.hidden = true;
    }

    atEnd() {
      const box = this.scroller;
      return box.scrollHeight - box.scrollTop - box.clientHeight < 96;
    }

    roll(top) {
      this.scroller.scrollTop = top;
    }

    reveal(node) {
      const edge = this.hasAttribute('page') ? 0 : this.getBoundingClientRect().top;
      this.roll(this.scroller.scrollTop + node.getBoundingClientRect().top - edge - 16);
    }

    /* ---- the status line ---- */

    tell(key) {
      const waiting = Object.keys(this.open).length > 0;
      if (key) this.trouble = key;
      const shown = this.trouble || (waiting && this.slow ? 'working' : '');
      const text = shown ? this.words[shown] : '';
      if (this.status.textContent !== text) this.status.textContent = text;
      this.status.classList.toggle('hc-working', shown === 'working');
    }

    well() {
      this.failures = 0;
      if (!this.words.send) this.speak(this.lang);
      if (this.trouble === 'offline') this.trouble = '';
      this.tell();
    }

    /* ---- sending: one at a time, the same id until the server has it ---- */

    pump() {
      const said = this.queue[0];
      if (!said || this.flying || !this.up || Date.now() < this.holdUntil) return;
      this.flying = said.id;
      const wire = { id: said.id, lang: this.lang };
      if (said.start) wire.start = true;
      else if (said.payload) wire.payload = said.payload;
      else wire.text = said.text;
      const body = JSON.stringify(wire);
      if (this.socket) {
        this.socket.send(body);
        this.expect();
      } else {
        this.post(said.id, body);
      }
    }

    async post(id, body) {
      try {
        const answer = await ask('', 40, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: body,
        });
        const wait = Number(answer.headers.get('Retry-After')) || 2;
        if (answer.ok) this.acknowledged(id);
        else if (answer.status === 429 || answer.status >= 500) this.later(id, wait);
        else this.refused(id, answer.status === 413 ? 'too_long' : '');
      } catch (error) {
        this.flying = null;
        this.later(id, 3, true);
      }
    }

    acknowledged(id) {
      const said = this.settle(id);
      if (!said) return;
      this.trouble = '';
      if (!said.start) {
        this.open[id] = said;
        this.slow = false;
        setTimeout(() => { this.slow = true; this.tell(); }, 1200);
        setTimeout(() => { delete this.open[id]; this.tell(); }, 60000);
      }
      this.tell();
      this.pump();
    }

    refused(id, why) {
      const said = this.settle(id);
      if (!said || said.start) return;
      this.tell(why === 'too_long' ? why : 'failed');
      if (said.text && !this.input.value) { // back into the field, to be mended
        this.input.value = said.text;
        this.fit();
        this.own[id].remove();
      } else {
        this.own[id].classList.add('hc-unsent');
      }
      this.pump();
    }

    later(id, seconds, offline) {
      if (this.flying === id) this.flying = null;
      this.holdUntil = Date.now() + seconds * 1000 - 50;
      this.tell(offline || seconds < 5 ? 'offline' : 'slow');
      setTimeout(() => this.pump(), seconds * 1000);
    }

    settle(id) {
      clearTimeout(this.silence);
      if (this.flying === id) this.flying = null;
      const at = this.queue.findIndex((said) => said.id === id);
      if (at < 0) return null;
      const said = this.queue.splice(at, 1)[0];
      this.store();
      if (this.own[id]) this.own[id].classList.remove('hc-unsent');
      return said;
    }

    /* ---- the line: a socket, or long polls where sockets fail ---- */

    connect() {
      clearTimeout(this.timer);
      if (this.socket || this.polling || !this.isConnected) return;
      if (this.polls || !window.WebSocket) this.poll();
      else this.call();
    }

    call() {
      let socket;
      try {
        socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/web/socket');
      } catch (error) {
        this.polls = true;
        this.poll();
        return;
      }
      this.socket = socket;
      this.expect(15000);
      socket.onopen = () => socket.send(JSON.stringify({ after: this.last }));
      socket.onmessage = (event) => { if (socket === this.socket) this.heard(JSON.parse(event.data)); };
      socket.onclose = (event) => { if (socket === this.socket) this.lost(event.code); };
    }

    heard(data) {
      clearTimeout(this.silence);
      this.heardAt = Date.now();
      if (data.ready) {
        this.up = this.worked = true;
        this.setAttribute('data-line', 'socket');
        this.well();
      }
      if (data.mail) this.received(data.mail);
      if (data.ack) this.acknowledged(data.ack);
      if (data.retry) this.later(data.retry, data.in);
      if (data.error) this.refused(data.refused || this.flying, data.error);
      this.pump();
    }

    received(mail) {
      this.show(mail);
      if (!this.greeted && !this.queue.length && !this.log.children.length) {
        this.say({ id: newId(), start: true });
      }
      this.greeted = true;
    }

    lost(code) {
      this.hangUp();
      this.failures += 1;
      if (this.failures >= 2 || code === 4008) {
        this.polls = true; // and once polls go through, sockets are tried again if they ever worked
        this.mayCall = this.worked && code !== 4008;
        this.worked = false;
      }
      this.again();
    }

    hangUp() {
      clearTimeout(this.silence);
      const socket = this.socket;
      this.socket = this.flying = null;
      this.up = false;
      if (socket) socket.close();
    }

    again() {
      if (this.failures > 1 || this.queue.length) this.tell('offline');
      const pause = Math.min(20000, 300 * Math.pow(2, this.failures)) * (0.75 + Math.random() / 2);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.connect(), pause);
    }

    expect(milliseconds) {
      clearTimeout(this.silence);
      const socket = this.socket;
      this.silence = setTimeout(() => {
        if (socket && socket === this.socket) this.lost(0);
      }, milliseconds || ANSWER_LINE);
    }

    ping() {
      if (!this.socket || !this.up || Date.now() - this.heardAt < 45000) return;
      this.socket.send('{"ping":true}');
      this.expect();
    }

    wake() {
      this.holdUntil = 0;
      if (this.socket && this.up) this.ping();
      else this.connect();
      this.pump();
    }

    async poll() {
      this.polling = true;
      try {
        while (this.isConnected && this.polls) {
          const began = Date.now();
          const wait = this.up ? 25 : 0;
          const answer = await ask('?after=' + this.last + '&wait=' + wait, wait + 20, {});
          if (!answer.ok) throw new Error(answer.status);
          const mail = (await answer.json()).mail;
          this.up = true;
          this.setAttribute('data-line', 'poll');
          this.well();
          this.received(mail);
          this.pump();
          if (this.mayCall) this.polls = this.mayCall = this.up = false;
          else if (wait && !mail.length && Date.now() - began < 2000) await pause(3000);
          if (document.hidden && !this.queue.length && !Object.keys(this.open).length) {
            this.polling = false; // nobody looks, nothing is due: spare their data until wake()
            return;
          }
        }
      } catch (error) {
        this.up = false;
        this.failures += 1;
      }
      this.polling = false;
      if (this.failures) this.again();
      else this.connect();
    }
  }

  /* Calls the server, but does not wait for ever on a line that died silently. */
  async function ask(query, seconds, options) {
    const stop = window.AbortController ? new AbortController() : {};
    const timer = setTimeout(function () { if (stop.abort) stop.abort(); }, seconds * 1000);
    try {
      options.credentials = 'same-origin';
      options.cache = 'no-store';
      options.signal = stop.signal;
      return await fetch('/web/messages' + query, options);
    } finally {
      clearTimeout(timer);
    }
  }

  function pause(milliseconds) {
    return new Promise(function (done) { setTimeout(done, milliseconds); });
  }

  customElements.define('hashar-chat', HasharChat);
})();
