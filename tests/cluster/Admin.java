// SPDX-License-Identifier: Apache-2.0
// Runs the commands on standard input in one Java machine: one a line, arguments separated by tabs.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.rocketmq.tools.command.MQAdminStartup;

class Admin {
    public static void main(String[] none) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            MQAdminStartup.main0(line.split("\t", -1), null);
            System.out.println();
        }
        System.exit(0);
    }
}
