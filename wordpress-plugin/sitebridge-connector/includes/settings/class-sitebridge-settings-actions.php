<?php
/**
 * The actions of the buttons on the settings page.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Handles the settings form (wp-admin/admin-post.php), and redirects back to the page.
 */
final class Sitebridge_Settings_Actions {

	const ACTION = 'sitebridge_connector_settings';

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Connects and disconnects.
	 *
	 * @var Sitebridge_Connection
	 */
	private $connection;

	/**
	 * Sends the structure.
	 *
	 * @var Sitebridge_Structure_Push
	 */
	private $push;

	/**
	 * Sends the changes.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings   The stored connection.
	 * @param Sitebridge_Connection       $connection Connects and disconnects.
	 * @param Sitebridge_Structure_Push   $push       Sends the structure.
	 * @param Sitebridge_Delivery_Trigger $trigger    Sends the changes.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Connection $connection, Sitebridge_Structure_Push $push, Sitebridge_Delivery_Trigger $trigger ) {
		$this->settings   = $settings;
		$this->connection = $connection;
		$this->push       = $push;
		$this->trigger    = $trigger;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'admin_post_' . self::ACTION, array( $this, 'handle' ) );
	}

	/**
	 * Runs the action of the pressed button.
	 */
	public function handle() {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not change these settings.', 'sitebridge-connector' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( self::ACTION );

		switch ( $this->field( 'sitebridge_do' ) ) {
			case 'disconnect':
				$error = '';
				$this->connection->disconnect();
				break;
			case 'send_now':
				$error = '';
				$this->trigger->send_now();
				break;
			case 'revive_dead':
				$error = '';
				$this->trigger->revive_dead();
				break;
			case 'test':
				$error = $this->save();
				if ( '' === $error ) {
					$this->connection->test();
				}
				break;
			case 'connect':
				$error = $this->save();
				if ( '' === $error ) {
					$this->connection->connect();
				}
				break;
			default:
				$error = $this->save();
				$this->push->schedule_soon( 0 );
		}
		$notice = '' !== $error ? $error : 'done';
		wp_safe_redirect( add_query_arg( 'sitebridge_notice', $notice, Sitebridge_Settings_Page::url() ) );
		exit;
	}

	/**
	 * Stores the form's fields. An empty key field keeps the stored key, because the page never prints the
	 * key.
	 *
	 * @return string '', or the code of an input error; then nothing was stored.
	 */
	private function save() {
		$stored  = $this->settings->all();
		$entered = $this->field( 'server_url' );
		$server  = Sitebridge_Settings::normalize_server_url( $entered );
		$site_id = $this->field( 'site_id' );
		$key     = $this->field( 'api_key' );
		if ( '' !== $entered && '' === $server ) {
			return 'bad_server';
		}
		if ( '' !== $site_id && 1 !== preg_match( '/^[1-9][0-9]{0,9}$/D', $site_id ) ) {
			return 'bad_site_id';
		}
		if ( 1 === preg_match( '/[^\x21-\x7e]/', $key ) ) {
			return 'bad_key';
		}
		$user_id    = $this->chosen_user( $stored['user_id'] );
		$same_place = $server === $stored['server_url'] && (int) $site_id === $stored['site_id'];
		$changed    = '' !== $key || ! $same_place || $user_id !== $stored['user_id'];
		$key_by     = self::key_by( $stored['key_by'], $key, $changed );
		// Who changes the key or the server can sign requests as the mapped user, so the user must be one that
		// this person may choose.
		if ( $changed && ! Sitebridge_Mapped_User::may_choose( $user_id ) ) {
			return 'bad_user';
		}
		if ( $changed && ! Sitebridge_Mapped_User::may_act( $user_id, $key_by ) ) {
			return 'key_again';
		}
		$this->settings->update(
			array(
				'server_url'                => $server,
				'site_id'                   => (int) $site_id,
				'api_key'                   => '' !== $key ? $key : $stored['api_key'],
				'user_id'                   => $user_id,
				'key_by'                    => $key_by,
				// An integration's id is valid only for one server and one site.
				'integration_id'            => $same_place ? $stored['integration_id'] : 0,
				'plugin_connection_enabled' => '' !== $this->field( 'plugin_connection_enabled' ),
				'two_way_sync_enabled'      => '' !== $this->field( 'two_way_sync_enabled' ),
			)
		);
		if ( $this->settings->sends_changes() && ( ( '' !== $key && $key !== $stored['api_key'] ) || ! $stored['two_way_sync_enabled'] || ! $stored['plugin_connection_enabled'] ) ) {
			$this->trigger->resume( false );
		}

		return '';
	}

	/**
	 * The chosen user. 0 in the form means the user that the plugin makes.
	 *
	 * @param int $stored The stored user's id, or 0.
	 * @return int
	 */
	private function chosen_user( $stored ) {
		$entered = $this->field( 'user_id' );
		$user_id = '0' === $entered ? Sitebridge_Dedicated_User::find_or_make() : absint( $entered );
		if ( $user_id > 0 ) {
			return $user_id;
		}

		return $stored > 0 ? $stored : get_current_user_id();
	}

	/**
	 * The user who answers for the key after a change. A changed server receives the key. So everyone but a
	 * network administrator answers for the key after any change.
	 *
	 * @param int    $key_by  The user who answered for the stored key.
	 * @param string $key     The key that was entered; '' to keep the stored key.
	 * @param bool   $changed Whether the key, the server, the site or the user changes.
	 * @return int
	 */
	private static function key_by( $key_by, $key, $changed ) {
		return '' !== $key || ( $changed && ! is_super_admin() ) ? get_current_user_id() : $key_by;
	}

	/**
	 * One field of the form, trimmed.
	 *
	 * @param string $name The field's name.
	 * @return string '' when it was not sent.
	 */
	private function field( $name ) {
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- handle() verified the nonce.
		return isset( $_POST[ $name ] ) && is_string( $_POST[ $name ] ) ? trim( sanitize_text_field( wp_unslash( $_POST[ $name ] ) ) ) : '';
	}
}
