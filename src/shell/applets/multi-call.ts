/** busybox itself, and the programs of real images that are not simulated. */
import type { Program } from '../kernel/types.ts';
import type { Applet } from './lib/applet.ts';
import { nameOf } from './lib/applet.ts';

/**
 * The one program that all those of a busybox are names of: `busybox NAME ARGUMENTS`, `--list`, `--list-full`.
 *
 * @param names what it can be called by; it finds them in /bin
 */
export function multiCall(version: string, names: readonly string[]): Program {
  const sorted = [...names].sort();
  return function* (process) {
    const [name, ...rest] = process.argv.slice(1);
    if (name === '--list' || name === '--list-full') {
      yield* process.write(1, sorted.map((one) => `${name === '--list' ? '' : 'bin/'}${one}\n`).join(''));
      return 0;
    }
    if (name === undefined || name === '--help') {
      const list = `${sorted.join(', ')}\n`.replace(/(.{1,72})(?: |\n)/g, '\t$1\n');
      yield* process.write(
        1,
        `BusyBox v${version} multi-call binary.\n\nUsage: busybox [function [arguments]...]\n   or: busybox --list[-full]\n\nCurrently defined functions:\n${list}`,
      );
      return 0;
    }
    if (name.startsWith('--')) {
      yield* process.write(2, `${name.slice(2)}: ${name === '--install' ? 'paperkube does not simulate this' : 'applet not found'}\n`);
      return name === '--install' ? 126 : 127;
    }
    if (!names.includes(name)) {
      yield* process.write(2, `${name}: applet not found\n`);
      return 127;
    }
    return yield* process.exec([name, ...rest], undefined, `/bin/${name}`);
  };
}

/** A program that real images have: it says so itself, instead of a shell that would say there is none. */
export const notSimulated: Applet = () =>
  function* (process) {
    yield* process.write(2, `${nameOf(process)}: paperkube does not simulate this program\n`);
    return 126;
  };

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Of busybox 1.36 as its images are built, besides those that are simulated. */
export const othersOfBusybox = words(`
  [[ acpid add-shell addgroup adduser adjtimex ar arch arp arping ascii base32 beep blkdiscard blkid blockdev bootchartd brctl bunzip2 bzcat bzip2
  chat chattr chpasswd chpst chrt chvt conspy cpio crc32 crond crontab cryptpw cttyhack dc deallocvt delgroup deluser depmod devmem dhcprelay dnsd
  dpkg dpkg-deb dumpkmap dumpleases ed eject envdir envuidgid ether-wake fakeidentd fatattr fbset fbsplash fdflush fdformat fdisk fgconsole findfs
  flock freeramdisk fsck fsck.minix fsfreeze fstrim fsync ftpd ftpget ftpput fuser getfattr getty halt hexedit hostid hush hwclock i2cdetect i2cdump
  i2cget i2cset i2ctransfer ifdown ifenslave ifplugd ifup inetd init insmod inotifyd iostat ipaddr ipcalc ipcrm ipcs iplink ipneigh iproute iprule
  iptunnel kbd_mode killall5 klogd last linux32 linux64 loadfont loadkmap login logname logread losetup lpd lpq lpr lsattr lsmod lsof lspci lsscsi
  lsusb lzcat lzma lzop makedevs makemime man mdev mesg microcom mim mkdosfs mke2fs mkfs.ext2 mkfs.minix mkfs.vfat mkpasswd mkswap modinfo modprobe
  mpstat mt nameif nanddump nandwrite nbd-client nmeter nologin ntpd openvt partprobe passwd patch pipe_progress pivot_root pmap popmaildir poweroff
  powertop pscan pstree pwdx raidautorun rdate rdev readahead readprofile reboot reformime remove-shell renice resize resume rmmod rpm rpm2cpio rtcwake
  run-init run-parts runlevel runsv runsvdir rx script scriptreplay seedrng sendmail setarch setconsole setfattr setfont setkeycodes setlogcons
  setserial setuidgid sha3sum showkey shred slattach smemcap softlimit ssl_client start-stop-daemon sulogin sum sv svc svlogd svok swapoff swapon
  switch_root syslogd taskset tc tcpsvd telnetd tftp tftpd traceroute traceroute6 ts ttysize tunctl ubiattach ubidetach ubimkvol ubirename
  ubirmvol ubirsvol ubiupdatevol udhcpc udhcpc6 udhcpd udpsvd uevent unlzma unxz unzip users uudecode uuencode vconfig vlock volname w wall watchdog
  whois xz xzcat zcip
`);

/** Of a slim Debian 12, besides those that are simulated. */
export const othersOfDebian = words(`
  addpart apt-cache apt-cdrom apt-config apt-key apt-mark b2sum base32 basenc bashbug captoinfo catchsegv chage chattr chcon choom chrt chsh csplit
  deb-systemd-helper deb-systemd-invoke debconf debconf-show delpart diff3 dir dircolors domainname dpkg dpkg-deb dpkg-divert dpkg-query
  dpkg-split dpkg-statoverride expiry faillog fincore findmnt flock fmt getconf gpasswd gpgv gunzip gzexe hardlink hostid iconv infocmp infotocap
  ipcmk ipcrm ipcs last lastb lastlog ldd locale localedef login logname lsattr lsblk lscpu lsipc lsirq lslocks lslogins lsmem lsns mawk mcookie
  mesg namei nawk newgrp nisdomainname numfmt pager partx passwd pathchk perl pidof pinky pr prlimit ptx rbash rename.ul resizepart
  rgrep run-parts runcon savelog script scriptlive scriptreplay sdiff select-editor setarch setterm sg sha224sum sha384sum shred sum tabs taskset
  tempfile tic toe tput tset tsort tzselect uncompress update-alternatives users utmpdump vdir wall wdctl whereis ypdomainname zcmp zdiff zdump zegrep
  zfgrep zforce zgrep zless zmore znew
`);
