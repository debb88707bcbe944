/*
 * Grafana's alerts as messages: an attachment for each alert, red while it fires, green when it is over.
 *
 * Reads the webhooks of Grafana's alerting (9 and later), of Prometheus' Alertmanager, which have the same shape, and
 * of the legacy alerting of older Grafanas.
 */
const RED = '#D63232';
const GREEN = '#36A64F';
const GREY = '#888888';
const COLORS = { firing: RED, alerting: RED, resolved: GREEN, ok: GREEN };
const MOST_ALERTS = 10;

const link = (...urls) => urls.find((url) => /^https?:\/\//i.test(url));
const field = (title, value) => ({ title, value: String(value), short: true });
const pairs = (object) => Object.entries(object || {});
const show = (value) => (typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value));

// a link is sent only where Grafana gives one: an empty text is no link
const withLinks = (attachment, links) => {
  for (const [name, url] of pairs(links)) if (url) attachment[name] = url;
  return attachment;
};

const textOf = ({ status, annotations, silenceURL }) => {
  const { summary, description, runbook_url: runbook } = annotations || {};
  const links = [];
  if (link(runbook)) links.push(`[Runbook](${runbook})`);
  if (status === 'firing' && link(silenceURL)) links.push(`[Silence](${silenceURL})`);
  return [summary, description, links.join(' · ')].filter((line) => line).join('\n');
};

const attachmentOf = (alert, externalURL) => {
  const { alertname = 'Alert', ...labels } = alert.labels || {};
  const fields = pairs(labels).map(([name, value]) => field(name, value));
  const values = pairs(alert.values).map(([name, value]) => `${name} = ${show(value)}`);
  if (values.length > 0) fields.push(field('values', values.join(', ')));
  const attachment = {
    color: COLORS[alert.status] || GREY,
    title: alertname,
    text: textOf(alert),
    ts: alert.status === 'resolved' ? alert.endsAt : alert.startsAt,
    fields,
  };
  const { generatorURL, panelURL, dashboardURL, imageURL } = alert;
  return withLinks(attachment, {
    title_link: link(panelURL, dashboardURL, generatorURL, externalURL),
    image_url: link(imageURL),
  });
};

const unified = ({ title, status, alerts, commonLabels = {}, externalURL, truncatedAlerts = 0 }) => {
  const shown = alerts.slice(0, MOST_ALERTS);
  const total = alerts.length + truncatedAlerts;
  const named = title || `[${status.toUpperCase()}:${total}] ${commonLabels.alertname || ''}`;
  return {
    text: named.trim() + (shown.length < total ? ` (${shown.length} of ${total} are shown)` : ''),
    attachments: shown.map((alert) => attachmentOf(alert, externalURL)),
  };
};

const legacy = ({ title, ruleName, state, message, evalMatches, ruleUrl, imageUrl }) => {
  const fields = (evalMatches || []).map(({ metric, value }) => field(metric, show(value)));
  const attachment = { color: COLORS[state] || GREY, title: ruleName, text: message || '', fields };
  return {
    text: title || `[${state}] ${ruleName}`,
    attachments: [withLinks(attachment, { title_link: link(ruleUrl), image_url: link(imageUrl) })],
  };
};

class Script {
  process_incoming_request({ request }) {
    const { content } = request;
    if (content && Array.isArray(content.alerts) && typeof content.status === 'string') {
      return content.alerts.length > 0 ? { content: unified(content) } : undefined;
    }
    if (content && typeof content.ruleName === 'string') return { content: legacy(content) };
    return { error: 'This is no alert of Grafana: it has neither alerts and a status nor a ruleName.' };
  }
}
