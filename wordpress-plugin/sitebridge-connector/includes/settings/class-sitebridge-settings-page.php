<?php
/**
 * The page Settings > Sitebridge.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Shows the settings, the buttons and the server's last response.
 */
final class Sitebridge_Settings_Page {

	const SLUG = 'sitebridge-connector';

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The server's last response.
	 *
	 * @var Sitebridge_Last_Answer
	 */
	private $last_answer;

	/**
	 * Shows the messages to send.
	 *
	 * @var Sitebridge_Queue_View
	 */
	private $queue;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings    $settings    The stored connection.
	 * @param Sitebridge_Last_Answer $last_answer The server's last response.
	 * @param Sitebridge_Queue_View  $queue       Shows the messages to send.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Last_Answer $last_answer, Sitebridge_Queue_View $queue ) {
		$this->settings    = $settings;
		$this->last_answer = $last_answer;
		$this->queue       = $queue;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'admin_menu', array( $this, 'add_page' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( SITEBRIDGE_CONNECTOR_FILE ), array( $this, 'add_link' ) );
	}

	/**
	 * The page's address.
	 *
	 * @return string
	 */
	public static function url() {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * Adds the page to the menu.
	 */
	public function add_page() {
		add_options_page( __( 'Sitebridge', 'sitebridge-connector' ), __( 'Sitebridge', 'sitebridge-connector' ), 'manage_options', self::SLUG, array( $this, 'render' ) );
	}

	/**
	 * Adds a link to the settings page to the plugin's entry in the list of plugins.
	 *
	 * @param string[] $links The existing links.
	 * @return string[]
	 */
	public function add_link( $links ) {
		array_unshift( $links, sprintf( '<a href="%s">%s</a>', esc_url( self::url() ), esc_html__( 'Settings', 'sitebridge-connector' ) ) );

		return $links;
	}

	/**
	 * Prints the page.
	 */
	public function render() {
		$stored    = $this->settings->all();
		$connected = $stored['integration_id'] > 0;
		?>
		<div class="wrap">
			<h1><?php esc_html_e( 'Sitebridge', 'sitebridge-connector' ); ?></h1>
			<?php $this->render_input_error(); ?>
			<?php $this->render_last_answer(); ?>
			<?php $this->queue->render_notices(); ?>
			<p id="sitebridge-state">
				<?php
				echo $connected
					/* translators: %d: the integration's number on the server. */
					? esc_html( sprintf( __( 'Connected as integration %d.', 'sitebridge-connector' ), $stored['integration_id'] ) )
					: esc_html__( 'Not connected. The site id and the site key come from your Sitebridge server.', 'sitebridge-connector' );
				?>
			</p>
			<form method="post" action="<?php echo esc_url( admin_url( 'admin-post.php' ) ); ?>" id="sitebridge-settings">
				<input type="hidden" name="action" value="<?php echo esc_attr( Sitebridge_Settings_Actions::ACTION ); ?>">
				<?php wp_nonce_field( Sitebridge_Settings_Actions::ACTION ); ?>
				<table class="form-table" role="presentation">
					<?php $this->render_fields( $stored ); ?>
				</table>
				<p class="submit">
					<button type="submit" name="sitebridge_do" value="connect" class="button button-primary"><?php esc_html_e( 'Connect', 'sitebridge-connector' ); ?></button>
					<button type="submit" name="sitebridge_do" value="save" class="button"><?php esc_html_e( 'Save', 'sitebridge-connector' ); ?></button>
					<?php if ( $this->settings->is_complete() ) : ?>
						<button type="submit" name="sitebridge_do" value="test" class="button"><?php esc_html_e( 'Test again', 'sitebridge-connector' ); ?></button>
					<?php endif; ?>
					<?php if ( '' !== $stored['api_key'] ) : ?>
						<button type="submit" name="sitebridge_do" value="disconnect" class="button button-link-delete" formnovalidate><?php esc_html_e( 'Disconnect', 'sitebridge-connector' ); ?></button>
					<?php endif; ?>
				</p>
			</form>
			<?php $this->queue->render(); ?>
		</div>
		<?php
	}

	/**
	 * Prints the form's fields.
	 *
	 * @param array $stored The stored settings.
	 */
	private function render_fields( array $stored ) {
		?>
		<tr>
			<th scope="row"><label for="sitebridge-server-url"><?php esc_html_e( 'Server address', 'sitebridge-connector' ); ?></label></th>
			<td>
				<input type="url" id="sitebridge-server-url" name="server_url" class="regular-text code" required value="<?php echo esc_attr( $stored['server_url'] ); ?>" placeholder="https://sitebridge.example.com">
				<?php if ( 0 === strpos( $stored['server_url'], 'http://' ) ) : ?>
					<p class="description"><?php esc_html_e( 'This address is not encrypted: anyone on the way can read the key. Use https unless the server is on this machine or in your own network.', 'sitebridge-connector' ); ?></p>
				<?php endif; ?>
			</td>
		</tr>
		<tr>
			<th scope="row"><label for="sitebridge-site-id"><?php esc_html_e( 'Site id', 'sitebridge-connector' ); ?></label></th>
			<td><input type="number" min="1" step="1" id="sitebridge-site-id" name="site_id" class="small-text" required value="<?php echo esc_attr( $stored['site_id'] > 0 ? (string) $stored['site_id'] : '' ); ?>"></td>
		</tr>
		<tr>
			<th scope="row"><label for="sitebridge-api-key"><?php esc_html_e( 'Site key', 'sitebridge-connector' ); ?></label></th>
			<td>
				<input type="password" id="sitebridge-api-key" name="api_key" class="regular-text code" autocomplete="new-password" value="" placeholder="<?php echo esc_attr( $this->settings->masked_key() ); ?>">
				<?php if ( '' !== $stored['api_key'] ) : ?>
					<p class="description"><?php esc_html_e( 'A key is stored. Leave this empty to keep it.', 'sitebridge-connector' ); ?></p>
				<?php endif; ?>
			</td>
		</tr>
		<tr>
			<th scope="row"><label for="user_id"><?php esc_html_e( 'Requests act as', 'sitebridge-connector' ); ?></label></th>
			<td>
				<?php $this->render_users( $stored['user_id'] ); ?>
				<p class="description"><?php esc_html_e( 'What the server writes is written as this user, with this user\'s rights on content and no others. An editor is enough.', 'sitebridge-connector' ); ?></p>
			</td>
		</tr>
		<tr>
			<th scope="row"><?php esc_html_e( 'Connection', 'sitebridge-connector' ); ?></th>
			<td>
				<label><input type="checkbox" name="plugin_connection_enabled" value="1" <?php checked( $stored['plugin_connection_enabled'] ); ?>> <?php esc_html_e( 'The server may read and write content here', 'sitebridge-connector' ); ?></label><br>
				<label><input type="checkbox" name="two_way_sync_enabled" value="1" <?php checked( $stored['two_way_sync_enabled'] ); ?>> <?php esc_html_e( 'Two-way sync: changes made here go to the server as well', 'sitebridge-connector' ); ?></label>
			</td>
		</tr>
		<?php
	}

	/**
	 * Prints the choice of the mapped user. Without a stored user, the plugin's own user is selected, made or
	 * still to make.
	 *
	 * @param int $stored The stored user's id, or 0.
	 */
	private function render_users( $stored ) {
		$offered  = Sitebridge_Dedicated_User::is_offered();
		$selected = $stored > 0 ? $stored : Sitebridge_Dedicated_User::id();
		wp_dropdown_users(
			array(
				'name'              => 'user_id',
				'capability'        => array( 'edit_posts' ),
				'selected'          => 0 === $selected && ! $offered ? get_current_user_id() : $selected,
				'include_selected'  => true,
				'show'              => 'display_name_with_login',
				'show_option_none'  => $offered ? __( 'A new user for Sitebridge alone, with the rights of an editor', 'sitebridge-connector' ) : '',
				'option_none_value' => 0,
			)
		);
	}

	/**
	 * Prints the input error of the form, if there is one.
	 */
	private function render_input_error() {
		$messages = array(
			'bad_server'  => __( 'The server address must look like https://sitebridge.example.com, without a user name or password in it.', 'sitebridge-connector' ),
			'bad_site_id' => __( 'The site id is a number, such as 12.', 'sitebridge-connector' ),
			'bad_key'     => __( 'The site key has a character that no key has. Copy it again.', 'sitebridge-connector' ),
			'bad_user'    => __( 'Requests cannot act as this user: choose one who may edit posts.', 'sitebridge-connector' ),
			'key_again'   => __( 'Requests may act as a network administrator only with a key that a network administrator entered. Enter the site key again, or choose another user.', 'sitebridge-connector' ),
		);
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- the value only selects one of the messages above.
		$code = isset( $_GET['sitebridge_notice'] ) ? sanitize_key( $_GET['sitebridge_notice'] ) : '';
		if ( isset( $messages[ $code ] ) ) {
			printf( '<div class="notice notice-error" id="sitebridge-input-error"><p>%s</p></div>', esc_html( $messages[ $code ] ) );
		}
	}

	/**
	 * Prints the server's last response, if there is one.
	 */
	private function render_last_answer() {
		$answer = $this->last_answer->get();
		if ( null === $answer ) {
			return;
		}
		printf(
			'<div class="notice %1$s" id="sitebridge-last-answer" data-code="%2$s"><p><strong>%3$s</strong> %4$s</p><p>%5$s</p></div>',
			esc_attr( $answer['success'] ? 'notice-success' : 'notice-error' ),
			esc_attr( $answer['code'] ),
			esc_html( $answer['message'] ),
			esc_html( $answer['hint'] ),
			/* translators: %s: a date and time. */
			esc_html( sprintf( __( 'Answer of %s.', 'sitebridge-connector' ), wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $answer['time'] ) ) )
		);
	}
}
