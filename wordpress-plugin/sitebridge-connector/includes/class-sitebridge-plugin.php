<?php
/**
 * Starts the plugin.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * The only place where the plugin's objects are created and their hooks are registered.
 */
final class Sitebridge_Plugin {

	/**
	 * The classes of the plugin's tables.
	 */
	const TABLES = array( 'Sitebridge_Nonce_Store', 'Sitebridge_Operations_Table', 'Sitebridge_Number_Links_Table', 'Sitebridge_Item_Links_Table', 'Sitebridge_Outbox_Table' );

	/**
	 * Creates the objects and registers their hooks.
	 *
	 * @param Sitebridge_Signed_Request $request The current request as it was sent.
	 */
	public static function start( Sitebridge_Signed_Request $request ) {
		$settings    = new Sitebridge_Settings();
		$candidate   = new Sitebridge_Candidate();
		$last_answer = new Sitebridge_Last_Answer( $settings, $candidate );
		$nonces      = new Sitebridge_Nonce_Store();
		$gate        = new Sitebridge_Request_Gate( $request, $settings, $candidate, $nonces );
		$structure   = new Sitebridge_Structure( $settings );
		$home        = new Sitebridge_Installation();
		$client      = new Sitebridge_Server_Client( $settings, $home );
		$push        = new Sitebridge_Structure_Push( $settings, $home, $structure, $client, $last_answer );
		$state       = new Sitebridge_Delivery_State( $settings );
		$outbox      = new Sitebridge_Outbox();
		$messages    = new Sitebridge_Post_Message( $structure );
		$open        = new Sitebridge_Open_Messages( $outbox, $messages );
		$sender      = new Sitebridge_Webhook_Sender( $settings, $client );
		$delivery    = new Sitebridge_Delivery( $settings, $home, $sender, $outbox, $open, $state, new Sitebridge_Delivery_Lock() );
		$trigger     = new Sitebridge_Delivery_Trigger( $delivery, $outbox, $state );
		$changes     = new Sitebridge_Change_Collector( $settings, $gate, $messages, $outbox, $trigger );
		$site        = new Sitebridge_Site_Changes( $settings, $gate, $outbox, $open, $trigger );
		$terms       = new Sitebridge_Term_Hooks( $site, $structure );
		$posts       = new Sitebridge_Post_Hooks( $changes, $structure, $terms );
		$connection  = new Sitebridge_Connection( $settings, $candidate, $home, $client, $push, $trigger, $last_answer );

		( new Sitebridge_Unsigned_Parts( $request ) )->register();
		( new Sitebridge_Rest_Authentication( $gate, $settings ) )->register();
		( new Sitebridge_Request_Rights( $gate, $structure ) )->register();
		( new Sitebridge_Rest_Routes( $gate, $structure ) )->register();
		( new Sitebridge_Item_Routes( $gate, $structure ) )->register();
		$push->register();
		$trigger->register();
		$terms->register();
		$posts->register();
		( new Sitebridge_Site_Hooks( $site, $posts ) )->register();

		if ( is_admin() ) {
			( new Sitebridge_Settings_Page( $settings, $last_answer, new Sitebridge_Queue_View( $settings, $state ) ) )->register();
			( new Sitebridge_Copy_Notice( $home ) )->register();
			( new Sitebridge_Settings_Actions( $settings, $home, $connection, $push, $trigger ) )->register();
		}

		add_action( 'init', array( __CLASS__, 'load_translations' ) );
		add_filter( 'wpmu_drop_tables', array( __CLASS__, 'add_tables' ) );
		register_activation_hook( SITEBRIDGE_CONNECTOR_FILE, array( $push, 'on_activation' ) );
		register_activation_hook( SITEBRIDGE_CONNECTOR_FILE, array( $trigger, 'on_activation' ) );
		register_deactivation_hook( SITEBRIDGE_CONNECTOR_FILE, array( $push, 'unschedule' ) );
		register_deactivation_hook( SITEBRIDGE_CONNECTOR_FILE, array( $trigger, 'unschedule' ) );
	}

	/**
	 * Adds the plugin's tables to those of a site that is deleted from its network.
	 *
	 * @param string[] $tables The tables of the current site.
	 * @return string[]
	 */
	public static function add_tables( $tables ) {
		foreach ( self::TABLES as $table ) {
			$tables[] = $table::name();
		}

		return $tables;
	}

	/**
	 * Loads the translations in the plugin's folder. WordPress loads translations from
	 * translate.wordpress.org by itself.
	 */
	public static function load_translations() {
		load_plugin_textdomain( 'sitebridge-connector', false, dirname( plugin_basename( SITEBRIDGE_CONNECTOR_FILE ) ) . '/languages' );
	}
}
