/** 证明页的简体中文。 */
import type { enProof } from "./enProof.ts";

export const zhCNProof: { [K in keyof typeof enProof]: string } = {
  "proof.button": "立即证明", "proof.busy": "正在证明…", "proof.date": "证明于 {{date}}", "proof.explain": "在一个带有此桌面的全新沙箱内尝试接触被隔离的内容；在沙箱外做同样的尝试，以表明尝试是真实的。",
  "proof.ok": "全部有效：{{held}}/{{all}}。", "proof.bad": "并非全部有效：{{held}}/{{all}}。",
  "proof.held": "有效", "proof.open": "缺少一道隔离", "proof.not-proved": "未能证明", "proof.tried": "尝试：{{text}}", "proof.inside": "沙箱内：{{text}}", "proof.control": "沙箱外：{{text}}",
  "proof.line.home": "您的主目录", "proof.line.people": "这台电脑的其他用户", "proof.line.temporary": "临时文件", "proof.line.run": "系统的运行目录", "proof.line.own": "Bulkhead 自己的设置和记录",
  "proof.line.keychain": "钥匙串", "proof.line.sockets": "您的会话的套接字", "proof.line.network": "网络", "proof.line.broker": "您没有允许的网站", "proof.line.processes": "您的其他程序",
  "proof.line.shared-memory": "程序之间共享的内存", "proof.line.environment": "应用的变量", "proof.line.descriptors": "应用打开的文件", "proof.line.terminal": "向终端输入",
  "proof.line.namespaces": "沙箱中的沙箱", "proof.line.mounts": "更改挂载", "proof.line.memory": "其他程序的内存", "proof.line.kernel-calls": "危险的内核调用",
  "proof.line.kernel-settings": "内核设置", "proof.line.rights": "管理员权限", "proof.line.set-uid": "以他人权限运行的程序", "proof.line.devices": "设备", "proof.line.limits": "限制",
  "proof.line.read-folders": "交出供读取的文件夹", "proof.line.edit-folders": "交出供编辑的文件夹",
};
