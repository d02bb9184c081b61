/** 拒绝或失败的原因。 */
import type { enReasons } from "./enReasons.ts";

export const zhCNReasons: { [K in keyof typeof enReasons]: string } = {
  "reason.no-rule": "桌面上没有允许它的网站。如需访问，请先添加该网站。", "reason.address-not-allowed": "该名称指向您网络中的私有地址，无法访问。", "reason.bad-request": "请求格式有误。",
  "reason.secret-host-mismatch": "该密钥属于另一个网站，未发送。", "reason.upstream-failed": "网站没有响应。", "reason.protected-path": "受保护的文件，智能体不能更改。",
  "reason.folder-too-broad": "交出的内容过多，请选择其中的一个文件夹。", "reason.folder-is-key-store": "那里存放密钥，不能交出。", "reason.folder-is-home": "那是您的整个主目录，请选择其中的一个文件夹。",
  "reason.folder-is-other-home": "那属于另一个人。", "reason.folder-is-ours": "Bulkhead 在那里保存自己的数据。", "reason.folder-missing": "文件夹不存在。", "reason.folder-not-a-folder": "那不是文件夹。",
  "reason.folder-unreadable": "您自己也无法打开此文件夹。", "reason.folder-changed": "原位置现在是另一个文件夹，请重新交出。", "reason.bad-path": "路径不可用。", "reason.no-containment": "这台电脑无法隔离智能体，因此没有启动。",
  "reason.stopped-by-person": "您停止了它。", "reason.time-was-up": "允许的时间已用完。", "reason.limit": "已达到上限。", "reason.agent-crashed": "智能体意外结束。它的更改已暂存。",
  "reason.agent-malformed": "智能体发来了无法理解的内容，已丢弃。", "reason.model-failed": "模型没有响应。", "reason.no-key": "此模型没有存储密钥，请在设置中添加。", "reason.disk-full": "磁盘已满。",
  "reason.conflict": "您在此期间更改了该文件，已保持原样。", "reason.person-said-no": "您拒绝了。", "reason.cancelled": "已取消。", "reason.interrupted": "已中断。",
};
