/* Feedback of the self-check questions (book/_ext/quiz.py): the text is on the page already. */
(function () {
  "use strict";
  function enhance(quiz) {
    const reply = quiz.querySelector(".lk-reply");
    const answer = quiz.querySelector(".lk-answer");
    answer.hidden = true;
    quiz.addEventListener("change", (event) => {
      const feedback = answer.querySelector('[data-letter="' + event.target.value + '"]');
      const copy = feedback.cloneNode(true);
      for (const element of copy.querySelectorAll("[id]")) element.removeAttribute("id");
      reply.replaceChildren(...copy.childNodes);
      reply.className = "lk-reply " + feedback.className;
    });
  }
  const start = () => document.querySelectorAll(".lk-quiz").forEach(enhance);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
