<?php
/**
 * The plugin's own REST routes.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * `GET sitebridge/v1/ping` and `GET sitebridge/v1/structure`.
 */
final class Sitebridge_Rest_Routes {

	const REST_NAMESPACE = 'sitebridge/v1';

	/**
	 * Decides about the current request.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * The site's structure.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Request_Gate $gate      Decides about the current request.
	 * @param Sitebridge_Settings     $settings  The stored connection.
	 * @param Sitebridge_Structure    $structure The site's structure.
	 */
	public function __construct( Sitebridge_Request_Gate $gate, Sitebridge_Settings $settings, Sitebridge_Structure $structure ) {
		$this->gate      = $gate;
		$this->settings  = $settings;
		$this->structure = $structure;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'rest_api_init', array( $this, 'register_routes' ) );
	}

	/**
	 * Registers the routes.
	 */
	public function register_routes() {
		foreach ( array( 'ping', 'structure' ) as $route ) {
			register_rest_route(
				self::REST_NAMESPACE,
				'/' . $route,
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => self::answering( array( $this, $route ) ),
					'permission_callback' => array( $this, 'check_permission' ),
				)
			);
		}
	}

	/**
	 * A route's callback that says so where the database fails.
	 *
	 * @param callable $answer Answers, or throws a RuntimeException.
	 * @return callable
	 */
	public static function answering( $answer ) {
		return static function ( $request ) use ( $answer ) {
			try {
				return $answer( $request );
			} catch ( RuntimeException $error ) {
				return new WP_Error( 'sitebridge_database_failed', __( 'The database of this site could not answer.', 'sitebridge-connector' ), array( 'status' => 500 ) );
			}
		};
	}

	/**
	 * Only signed requests come in: not even a logged-in administrator.
	 *
	 * @return true|WP_Error
	 */
	public function check_permission() {
		$verdict = $this->gate->verdict();

		return is_wp_error( $verdict ) ? $verdict : true;
	}

	/**
	 * Says that the connection works, what runs here, and what the mapped user may do.
	 *
	 * @return array
	 * @throws RuntimeException When the database fails.
	 */
	public function ping() {
		$user         = wp_get_current_user();
		$capabilities = array();
		foreach ( Sitebridge_Mapped_User::CAPABILITIES as $capability ) {
			$capabilities[ $capability ] = $user->has_cap( $capability );
		}

		return array(
			'ok'                => true,
			'nonce'             => $this->gate->request()->nonce,
			'site_id'           => (int) $this->settings->get( 'site_id' ),
			'plugin_version'    => SITEBRIDGE_CONNECTOR_VERSION,
			// The server's contents are known by keys here, not by numbers alone.
			'links'             => 'key',
			'last_operation'    => Sitebridge_Server::last_operation(),
			'wordpress_version' => get_bloginfo( 'version' ),
			'php_version'       => PHP_VERSION,
			'name'              => html_entity_decode( get_bloginfo( 'name' ), ENT_QUOTES, 'UTF-8' ),
			'home_url'          => home_url(),
			'site_url'          => site_url(),
			'rest_url'          => rest_url(),
			'multisite'         => is_multisite(),
			'time'              => time(),
			'user'              => array(
				'id'           => $user->ID,
				'roles'        => array_values( $user->roles ),
				'capabilities' => $capabilities,
			),
		);
	}

	/**
	 * The site's structure, the same as is sent to the server.
	 *
	 * @return array
	 */
	public function structure() {
		return $this->structure->read();
	}
}
